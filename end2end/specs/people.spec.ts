import { PASSWORD, expect, register, signIn, somebody, test } from '../fixtures';

test.describe('people', { tag: '@both' }, () => {
  test('the set-up link makes the first administrator, once', async ({ page, serve, stranger, complaints }) => {
    complaints.allow(/status of 4(10|22|09)/);
    const server = await serve();
    const link = server.setupLink!;
    expect(link, 'the terminal names the link').toBeTruthy();

    await page.goto(link);
    await expect(page.getByRole('heading', { name: 'Create the first administrator' })).toBeVisible();
    await page.getByLabel('Name').fill('Grace <b>Hopper</b>');
    await page.getByLabel('E-mail address').fill('grace@navy');
    await page.getByLabel('Password').fill('short');
    await page.getByRole('button', { name: 'Create administrator' }).click();

    await expect(page.getByRole('alert')).toContainText('Enter an e-mail address');
    await expect(page.getByRole('alert')).toContainText('Use at least 10 characters.');
    await expect(page.getByLabel('Name')).toHaveValue('Grace <b>Hopper</b>');
    await expect(page.getByLabel('E-mail address')).toHaveValue('grace@navy');
    await expect(page.getByLabel('E-mail address')).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByLabel('Password'), 'passwords are not sent back').toHaveValue('');

    await page.getByLabel('E-mail address').fill('grace@navy.example');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create administrator' }).click();
    await expect(page).toHaveURL(`${server.url}/`);
    await expect(page.locator('.person-name')).toHaveText('Grace <b>Hopper</b>');
    await expect(page.getByRole('link', { name: 'Administration' }), 'who set the server up rules it').toHaveCount(1);

    const other = await stranger(server.url);
    const second = await other.page.goto(link);
    expect(second?.status()).toBe(410);
    await expect(other.page.getByRole('heading', { name: 'This link no longer works' })).toBeVisible();
    const posted = await other.context.request.post(link, { form: { token: new URL(link).searchParams.get('token')!, ...somebody() }, maxRedirects: 0 });
    expect(posted.status(), 'the form behind the link is closed too').not.toBe(303);
    await other.page.goto('/');
    await expect(other.page).toHaveURL(/\/sign-in/);

    await server.kill();
    await server.start();
    expect(server.setupLink, 'no new link while somebody has an account').toBeUndefined();
  });

  test('registering: what is wrong is said, what was typed stays', async ({ page, person, complaints }) => {
    complaints.allow(/status of 422/);
    await page.goto('/sign-in');
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('Name').fill('   ');
    await page.getByLabel('E-mail address').fill(person.email);
    await page.getByLabel('Password').fill('123456789');
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.getByRole('alert')).toContainText('Enter your name.');
    await expect(page.getByRole('alert')).toContainText('Use at least 10 characters.');
    await expect(page.getByLabel('E-mail address')).toHaveValue(person.email);

    await page.getByLabel('Name').fill('Ada Lovelace');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.getByRole('alert')).toContainText('There is an account with this address.');
    await expect(page.getByLabel('Name')).toHaveValue('Ada Lovelace');

    const fresh = somebody();
    await page.getByLabel('E-mail address').fill(fresh.email.toUpperCase());
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.locator('.person-name')).toHaveText('Ada Lovelace');
    await expect(page.getByRole('link', { name: 'Administration' }), 'only administrators see the administration').toHaveCount(0);
    await page.goto('/account');
    await expect(page.getByText(fresh.email, { exact: true }), 'addresses are kept in lower case').toBeVisible();
  });

  test('an administrator closes registration', async ({ page, serve, stranger, complaints }) => {
    complaints.allow(/status of 4(03|22)/);
    const server = await serve();
    await server.createSuperuser('root@example.org');
    await page.goto(`${server.url}/sign-in?next=/admin/settings`);
    await signIn(page, { name: 'Root', email: 'root@example.org', password: PASSWORD });
    await expect(page).toHaveURL(`${server.url}/admin/settings`);
    await page.getByLabel('Open registration').selectOption('No');
    await page.getByRole('button', { name: 'Save settings' }).click();
    await expect(page.getByText('Settings saved')).toBeVisible();
    await expect(page.getByLabel('Open registration')).toHaveValue('false');

    const other = await stranger(server.url);
    const reply = await other.page.goto('/register');
    expect(reply?.status()).toBe(403);
    await expect(other.page.getByRole('heading', { name: 'Registration is closed' })).toBeVisible();
    await other.page.goto('/sign-in');
    await expect(other.page.getByRole('link', { name: 'Create an account' })).toHaveCount(0);
    const person = somebody();
    const posted = await other.context.request.post('/register', { form: { ...person }, maxRedirects: 0 });
    expect(posted.status()).toBe(403);
    await signIn(other.page, person);
    await expect(other.page.getByRole('alert'), 'the account was not made').toContainText('wrong');
  });

  test('signing in and out', async ({ page, person, context, complaints }) => {
    complaints.allow(/status of 422/);
    await page.goto('/agents');
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await signIn(page, { ...person, password: 'not the right one' });
    await expect(page.getByRole('alert')).toContainText('E-mail address or password is wrong.');
    await expect(page.getByLabel('E-mail address')).toHaveValue(person.email);
    await expect(page.getByLabel('Password')).toHaveValue('');

    await signIn(page, person);
    await expect(page, 'one comes out where one wanted to go').toHaveURL(/\/agents$/);
    const [session] = (await context.cookies()).filter(it => it.name === 'atrium_session');
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax' });

    await page.getByRole('button', { name: 'Sign out' }).click();
    await expect(page).toHaveURL(/\/sign-in$/);
    await page.goto('/');
    await expect(page).toHaveURL(/\/sign-in/);
    await context.addCookies([session!]);
    await page.goto('/');
    await expect(page, 'a stolen cookie is worth nothing after signing out').toHaveURL(/\/sign-in/);
  });

  test('nobody is sent elsewhere after signing in', async ({ page, person, baseURL }) => {
    await page.goto('/sign-in?next=//example.org/');
    await signIn(page, person);
    await expect(page.locator('.person-name')).toBeVisible();
    await expect(page).toHaveURL(`${baseURL}/`);
  });

  test('signing out everywhere ends every session', async ({ page, person, stranger, complaints }) => {
    complaints.allow(/status of 401/);
    const other = await stranger();
    await other.page.goto('/sign-in');
    await signIn(other.page, person);
    await expect(other.page.locator('.person-name')).toBeVisible();
    await page.goto('/sign-in?next=/account/sessions');
    await signIn(page, person);
    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await expect(page).toHaveURL(/\/sign-in/);
    await other.page.goto('/agents');
    await expect(other.page).toHaveURL(/\/sign-in/);
  });

  test('guessing is stopped, and the owner is told how long', async ({ page, person, context, complaints }) => {
    complaints.allow(/status of 4(22|29)/);
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const response = await context.request.post('/sign-in', { form: { email: person.email, password: `guess ${attempt}` }, maxRedirects: 0, headers: { 'x-forwarded-for': `172.16.0.${attempt}` } });
      expect(response.status()).toBe(422);
    }
    await page.goto('/sign-in');
    await signIn(page, person);
    await expect(page.getByRole('alert'), 'the eleventh is refused, from whatever address').toContainText('Too many attempts. Try again in');
    await expect(page.getByLabel('E-mail address')).toHaveValue(person.email);
  });

  test('what another site posts is refused', async ({ context, signedIn }) => {
    void signedIn;
    const posted = await context.request.post('/', { form: { text: 'fast forged' }, headers: { origin: 'https://evil.example' }, maxRedirects: 0 });
    expect(posted.status()).toBe(403);
    const home = await context.request.get('/');
    expect(await home.text()).not.toContain('forged');
  });

  test('the theme is kept, also for whoever is signed out', async ({ page, context, shared }) => {
    await register(context, shared.url, somebody());
    await page.goto('/account');
    await page.getByLabel('Dark').check();
    await page.getByRole('button', { name: 'Save appearance' }).click();
    await expect(page).toHaveURL(/\/account$/);
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  });
});
