//! Who may do what: the one matrix that code, pages and documents read.

use crate::people::{Role, Viewer};

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Talk to agents.
    Chat,
    /// Make agents of one's own.
    MakeAgents,
    /// Make projects, and manage those that one made.
    MakeProjects,
    /// Make knowledge bases of one's own.
    MakeKnowledge,
    /// Make prompts of one's own.
    MakePrompts,
    /// Share prompts with the whole organisation, and change those that are.
    SharePrompts,
    /// Record versions of models, and say which one is in production.
    ManageModels,
    /// See and manage every project of the organisation.
    ManageProjects,
    /// Say which areas of expertise there are.
    ManageExpertise,
    /// See everybody of the organisation.
    SeePeople,
    /// Change roles, switch accounts on and off.
    ManagePeople,
    /// See every agent of the organisation, switch them on and off.
    ManageAgents,
    /// See who talks to which agent; read a conversation after giving a reason.
    InspectConversations,
    /// See what everybody of the organisation uses, and what it costs.
    SeeUsage,
    /// Say how much may be spent.
    ManageBudgets,
    /// Change what is said of the organisation, read its audit log.
    ManageOrganisation,
}

/// For each permission: what it is, and which roles have it. Superusers have all of them, in every organisation.
pub const MATRIX: &[(Permission, &str, &[Role])] = &[
    (
        Permission::Chat,
        "Talk to agents",
        &[Role::Admin, Role::Manager, Role::Engineer, Role::Analyst, Role::User, Role::Guest],
    ),
    (Permission::MakeAgents, "Make agents", &[Role::Admin, Role::Manager, Role::Engineer, Role::Analyst, Role::User]),
    (
        Permission::MakeProjects,
        "Make projects",
        &[Role::Admin, Role::Manager, Role::Engineer, Role::Analyst, Role::User],
    ),
    (
        Permission::MakeKnowledge,
        "Make knowledge bases",
        &[Role::Admin, Role::Manager, Role::Engineer, Role::Analyst, Role::User],
    ),
    (Permission::MakePrompts, "Make prompts", &[Role::Admin, Role::Manager, Role::Engineer, Role::Analyst, Role::User]),
    (Permission::SharePrompts, "Share prompts with the whole organisation", &[Role::Admin, Role::Manager]),
    (
        Permission::ManageModels,
        "Record versions of models, and say which one is in production",
        &[Role::Admin, Role::Manager, Role::Engineer, Role::Analyst],
    ),
    (Permission::ManageProjects, "Manage every project of the organisation", &[Role::Admin, Role::Manager]),
    (Permission::ManageExpertise, "Say which areas of expertise there are", &[Role::Admin, Role::Manager]),
    (Permission::SeePeople, "See everybody of the organisation", &[Role::Admin, Role::Manager]),
    (Permission::ManagePeople, "Change roles, switch accounts on and off", &[Role::Admin]),
    (Permission::ManageAgents, "See every agent of the organisation, switch them on and off", &[Role::Admin]),
    (
        Permission::InspectConversations,
        "See who talks to which agent; read a conversation after giving a reason, which is logged",
        &[Role::Admin],
    ),
    (
        Permission::SeeUsage,
        "See what everybody of the organisation uses, and what it costs",
        &[Role::Admin, Role::Manager, Role::Analyst],
    ),
    (Permission::ManageBudgets, "Say how much may be spent", &[Role::Admin]),
    (Permission::ManageOrganisation, "Change the organisation, read its audit log", &[Role::Admin]),
];

impl Role {
    /// All roles, those that may do most first.
    pub const ALL: [Self; 6] = [Self::Admin, Self::Manager, Self::Engineer, Self::Analyst, Self::User, Self::Guest];

    /// Whether the matrix gives it.
    #[must_use]
    pub fn has(self, permission: Permission) -> bool {
        MATRIX.iter().any(|(it, _, roles)| *it == permission && roles.contains(&self))
    }
}

impl Viewer {
    /// Whether they may do it in their own organisation.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.is_superuser || self.role.has(permission)
    }

    /// Whether they may make somebody this: nobody raises others above themselves.
    #[must_use]
    pub fn may_give(&self, role: Role) -> bool {
        let rank = |role| Role::ALL.iter().position(|it| *it == role);
        self.is_superuser || rank(role) >= rank(self.role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_stands_in_the_matrix_once() {
        for (at, (permission, label, roles)) in MATRIX.iter().enumerate() {
            assert!(!label.is_empty() && roles.contains(&Role::Admin), "administrators may do everything: {label}");
            assert!(MATRIX[at + 1..].iter().all(|(other, ..)| other != permission), "{label}");
        }
        assert!(!Role::Guest.has(Permission::MakeAgents) && Role::Guest.has(Permission::Chat));
        assert!(!Role::Manager.has(Permission::ManagePeople));
    }

    #[test]
    fn nobody_gives_a_role_above_their_own() {
        let mut viewer = Viewer {
            impersonator: None,
            id: uuid::Uuid::nil().into(),
            organisation: uuid::Uuid::nil().into(),
            role: Role::Engineer,
            is_superuser: false,
            name: String::new(),
            email: String::new(),
            username: String::new(),
            avatar: None,
        };
        let given = |viewer: &Viewer| Role::ALL.map(|it| viewer.may_give(it));
        assert_eq!(given(&viewer), [false, false, true, true, true, true]);
        viewer.is_superuser = true;
        assert_eq!(given(&viewer), [true; 6]);
    }
}
